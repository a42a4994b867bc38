import "../style/audit.css";

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { audit, type AuditLine } from "../api/audit.ts";
import { administers } from "../logic/roles.ts";
import { knownZone } from "../logic/zone.ts";
import { session, site, sites } from "../state.ts";
import { dayAndClock } from "../words/format.ts";
import { chosen, locale, words } from "../words/index.ts";
import { auditTexts } from "../words/pages/audit.ts";
import { settingTexts } from "../words/pages/settings.ts";
import { Message } from "./Message.tsx";

/** For admins: who came in and who changed what about people, a page at a time. */
export default function AuditPage() {
  const { forAdmins, forAdminsNote } = chosen(auditTexts);
  if (session.value === null) return <Space />;
  return administers(session.value) ? <Lines /> : <Message title={forAdmins} note={forAdminsNote} />;
}

const Space = () => <div class="page-space" aria-hidden="true" />;

function Lines() {
  const text = chosen(auditTexts);
  const lines = useSignal<AuditLine[] | null>(null);
  const next = useSignal<string | null>(null);
  const failed = useSignal(false);
  const more = async (): Promise<void> => {
    failed.value = false;
    try {
      const page = await audit(next.value);
      lines.value = [...(lines.value ?? []), ...page.lines];
      next.value = page.next;
    } catch {
      failed.value = true;
    }
  };
  useEffect(() => void more(), []);
  if (lines.value === null) return failed.value ? <Message title={text.failed} note={text.failedNote} /> : <Space />;
  return (
    <section class="card column-whole audit" aria-label={words().pages.audit}>
      <p class="soft">{lines.value.length === 0 ? text.none : text.note}</p>
      <ul>{lines.value.map((line) => <Line key={line.id} line={line} />)}</ul>
      {next.value !== null && <button class="button quiet" type="button" onClick={() => void more()}>{text.older}</button>}
      <p class="setting-fault" role="alert">{failed.value ? text.failed : ""}</p>
    </section>
  );
}

function Line(props: { line: AuditLine }) {
  const { line } = props;
  const at = when(Date.parse(line.at) / 1000);
  return (
    <li data-refused={line.action.endsWith(".refused")}>
      <span class="audit-what">{sentence(line)}</span>
      <span class="soft">{[at, chosen(auditTexts).via[line.via] ?? line.via, line.via === "shell" ? "" : line.source].filter((part) => part !== "").join(" · ")}</span>
    </li>
  );
}

const when = (unixS: number): string => dayAndClock(locale.value, knownZone(site.value?.timezone ?? "UTC"), unixS);

/** What happened, in words; a kind of deed this page does not know by its name. */
function sentence(line: AuditLine): string {
  const text = chosen(auditTexts);
  const { role, site: siteWord } = { role: String(line.detail["role"] ?? ""), site: line.site ?? "*" };
  const who = line.actor ?? (line.via === "shell" ? text.operator : text.stranger);
  return (text.action[line.action] ?? (({ subject }) => `${who}: ${line.action} ${subject}`))({
    who,
    subject: line.subject ?? "",
    own: line.actor === line.subject,
    role: (chosen(settingTexts).role[role] ?? role).toLowerCase(),
    site: siteWord === "*" ? chosen(settingTexts).everySite : (sites.value.find((row) => row.site === siteWord)?.title ?? siteWord),
    removed: line.detail["removed"] === true,
    until: typeof line.detail["until_s"] === "number" ? when(line.detail["until_s"]) : "",
  });
}
