const en = {
  title: "You are invited",
  offer: (role: string, site: string) => `As ${role.toLowerCase()} of ${site}`,
  opens: (person: string) => `A new password for ${person}`,
  make: "Make the account",
  set: "Set the password",
  add: (who: string) => `Add to ${who}`,
  gone: "This invitation does not hold any more",
  goneNote: "It was used, taken back, or is too old. Ask for a new one.",
};

const it: typeof en = {
  title: "Hai un invito",
  offer: (role, site) => `Come ${role.toLowerCase()} di ${site}`,
  opens: (person) => `Una nuova password per ${person}`,
  make: "Crea il conto",
  set: "Imposta la password",
  add: (who) => `Aggiungi a ${who}`,
  gone: "Questo invito non vale più",
  goneNote: "È stato usato, ritirato, o è troppo vecchio. Chiedine uno nuovo.",
};

export const joinTexts = { en, it };
