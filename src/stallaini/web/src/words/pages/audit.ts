/** What a line of the audit is told from: names in words already, empty where there is none. */
export interface Told {
  who: string;
  subject: string;
  /** Whether it is about whoever did it. */
  own: boolean;
  role: string;
  site: string;
  removed: boolean;
  /** When a mute ends. */
  until: string;
}

type Sentences = Record<string, (told: Told) => string>;

const en = {
  note: "Who came in, who did not, and who changed what about people, their rights and what they are told. Newest first.",
  none: "Nothing has happened yet.",
  failed: "This could not be loaded",
  failedNote: "The server cannot be reached. Try again in a moment.",
  forAdmins: "For admins",
  forAdminsNote: "Who came in and what changed is shown to admins alone.",
  older: "Older ones",
  operator: "The operator",
  stranger: "Somebody",
  via: { session: "on the page", token: "by a token", bot: "by the bot", chat: "by Telegram", shell: "at the server", link: "by an invitation", nobody: "" } as Record<string, string>,
  action: {
    "sign-in": ({ who }) => `${who} signed in`,
    "sign-in.refused": ({ subject }) => `A sign-in as ${subject || "an unknown name"} was refused`,
    "sign-out": ({ who }) => `${who} signed out`,
    "session.ended": ({ who, own, subject }) => (own ? `${who} signed out in other places` : `${who} signed ${subject} out`),
    "password.changed": ({ who, own, subject }) => (own ? `${who} changed the password` : `${who} set a password for ${subject}`),
    "password.refused": ({ who }) => `${who} typed a wrong present password`,
    "person.added": ({ subject }) => `${subject} got an account`,
    "person.removed": ({ who, own, subject }) => (own ? `The account of ${subject} ended` : `${who} removed ${subject}`),
    "role.given": ({ who, own, subject, role, site }) => (own ? `${subject} became ${role} of ${site}` : `${who} made ${subject} ${role} of ${site}`),
    "role.taken": ({ who, subject, role, site }) => `${who} took from ${subject} the role ${role} of ${site}`,
    "language.changed": ({ who }) => `${who} chose another language`,
    "token.made": ({ who, subject, role, site }) => `${who} made the token ${subject}: ${role}, ${site}`,
    "token.revoked": ({ who, subject }) => `${who} revoked the token ${subject}`,
    "invitation.made": ({ who, subject, role, site }) => (role ? `${who} invited somebody as ${role} of ${site}` : `${who} made ${subject} a link for a new password`),
    "invitation.used": ({ subject }) => `${subject} used an invitation`,
    "invitation.revoked": ({ who }) => `${who} took an invitation back`,
    "chat.joined": ({ subject }) => `A Telegram chat now acts for ${subject}`,
    "chat.refused": () => "A Telegram chat gave a wrong password",
    "chat.left": ({ subject }) => `A Telegram chat no longer acts for ${subject}`,
    "bot-password.set": ({ who, removed }) => `${who} ${removed ? "removed" : "set"} the bot's password`,
    "telling.changed": ({ who, site }) => `${who} changed how the alarms of ${site} are told`,
    "mute.changed": ({ who, site, until }) => (until ? `${who} muted the alarms of ${site} until ${until}` : `${who} ended the mute of ${site}`),
  } as Sentences,
};

const it: typeof en = {
  note: "Chi è entrato, chi no, e chi ha cambiato che cosa delle persone, dei loro ruoli e degli avvisi. I più recenti in alto.",
  none: "Non è ancora successo nulla.",
  failed: "Non è stato possibile caricarlo",
  failedNote: "Il server non risponde. Riprova fra poco.",
  forAdmins: "Per gli amministratori",
  forAdminsNote: "Chi è entrato e che cosa è cambiato si mostra solo agli amministratori.",
  older: "Più vecchi",
  operator: "Il gestore",
  stranger: "Qualcuno",
  via: { session: "dalla pagina", token: "con un token", bot: "dal bot", chat: "da Telegram", shell: "sul server", link: "con un invito", nobody: "" },
  action: {
    "sign-in": ({ who }) => `${who} ha fatto accesso`,
    "sign-in.refused": ({ subject }) => `Rifiutato un accesso come ${subject || "un nome sconosciuto"}`,
    "sign-out": ({ who }) => `${who} si è disconnesso`,
    "session.ended": ({ who, own, subject }) => (own ? `${who} si è disconnesso altrove` : `${who} ha disconnesso ${subject}`),
    "password.changed": ({ who, own, subject }) => (own ? `${who} ha cambiato la password` : `${who} ha impostato una password per ${subject}`),
    "password.refused": ({ who }) => `${who} ha scritto una password attuale sbagliata`,
    "person.added": ({ subject }) => `${subject} ha un nuovo conto`,
    "person.removed": ({ who, own, subject }) => (own ? `Il conto di ${subject} è finito` : `${who} ha rimosso ${subject}`),
    "role.given": ({ who, own, subject, role, site }) => (own ? `${subject} è ora ${role} di ${site}` : `${who} ha reso ${subject} ${role} di ${site}`),
    "role.taken": ({ who, subject, role, site }) => `${who} ha tolto a ${subject} il ruolo ${role} di ${site}`,
    "language.changed": ({ who }) => `${who} ha scelto un’altra lingua`,
    "token.made": ({ who, subject, role, site }) => `${who} ha creato il token ${subject}: ${role}, ${site}`,
    "token.revoked": ({ who, subject }) => `${who} ha revocato il token ${subject}`,
    "invitation.made": ({ who, subject, role, site }) => (role ? `${who} ha invitato qualcuno come ${role} di ${site}` : `${who} ha creato per ${subject} un collegamento per una password nuova`),
    "invitation.used": ({ subject }) => `${subject} ha usato un invito`,
    "invitation.revoked": ({ who }) => `${who} ha ritirato un invito`,
    "chat.joined": ({ subject }) => `Una chat di Telegram ora agisce per ${subject}`,
    "chat.refused": () => "Una chat di Telegram ha dato una password sbagliata",
    "chat.left": ({ subject }) => `Una chat di Telegram non agisce più per ${subject}`,
    "bot-password.set": ({ who, removed }) => `${who} ha ${removed ? "tolto" : "impostato"} la password del bot`,
    "telling.changed": ({ who, site }) => `${who} ha cambiato come si avvisa degli allarmi di ${site}`,
    "mute.changed": ({ who, site, until }) => (until ? `${who} ha silenziato gli allarmi di ${site} fino a ${until}` : `${who} ha tolto il silenzio di ${site}`),
  },
};

export const auditTexts = { en, it };
