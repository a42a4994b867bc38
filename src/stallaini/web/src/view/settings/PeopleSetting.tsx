import { useSignal } from "@preact/signals";

import { people, type Account } from "../../api/people.ts";
import type { Role } from "../../api/types.ts";
import { may } from "../../logic/roles.ts";
import { session, sites } from "../../state.ts";
import { dayInMonth } from "../../words/format.ts";
import { language, locale } from "../../words/index.ts";
import { RoleField, SiteField, titleOf } from "./OwnAccount.tsx";
import { given, Row, Secret, Section, Sure, texts, useAsked, useDoing } from "./parts.tsx";

const ROLES: Role[] = ["viewer", "operator", "admin"];

/** For admins: who there is and what they may, and invitations for more. */
export function PeopleSetting() {
  const text = texts();
  const { answer, again } = useAsked(people.listed);
  const { fault, doing } = useDoing();
  if (!answer) return null;
  const change = (act: () => Promise<unknown>) => void doing(act).then(again);
  return (
    <Section id="people" title={text.people} note={text.peopleNote} fault={fault}>
      <ul>{answer.map((one) => <Person key={one.name} account={one} onChange={change} />)}</ul>
    </Section>
  );
}

function Person(props: { account: Account; onChange: (act: () => Promise<unknown>) => void }) {
  const text = texts();
  const { account, onChange } = props;
  const own = account.name === session.value?.name;
  const places = placesOf(account);
  return (
    <li class="setting-row person">
      <div>
        <b>{account.name}</b>
        {own && <span class="soft">{text.account}</span>}
      </div>
      {places.map((site) => (
        <label key={site} class="person-role">
          <span class="soft">{titleOf(site)}</span>
          <select
            class="button quiet small" aria-label={text.roleOf(account.name, titleOf(site))} value={account.roles[site] ?? ""} disabled={own}
            onChange={(event) => {
              const role = event.currentTarget.value as Role | "";
              onChange(() => (role === "" ? people.takeRole(account.name, site) : people.giveRole(account.name, site, role)));
            }}
          >
            <option value="">{text.noRole}</option>
            {ROLES.map((role) => <option key={role} value={role}>{text.role[role]}</option>)}
          </select>
        </label>
      ))}
      {may(session.value, "admin", "*") && !own && (
        <Sure label={text.remove} of={account.name} onSure={() => onChange(() => people.remove(account.name))} />
      )}
    </li>
  );
}

/** The sites at which somebody's role can be changed here: those with a role, and one to begin with. */
function placesOf(account: Account): string[] {
  const mine = [...(may(session.value, "admin", "*") ? ["*"] : []), ...sites.value.map((row) => row.site)]
    .filter((site) => may(session.value, "admin", site));
  const held = mine.filter((site) => site in account.roles);
  return held.length > 0 ? held : mine.slice(0, 1);
}

export function InvitationSetting() {
  const text = texts();
  const { answer, again } = useAsked(people.invitations);
  const { fault, busy, doing } = useDoing();
  const link = useSignal<string | null>(null);
  if (!answer) return null;
  const open = answer.filter((one) => one.state === "open");
  const invite = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { role = "viewer", site = "*" } = given(event);
    const made = async (): Promise<void> => {
      const { code, path } = await people.invite(role as Role, site, language.value);
      link.value = location.origin + (path ?? `/join#${code}`);
    };
    if (await doing(made)) await again();
  };
  return (
    <Section id="invitations" title={text.invite} fault={fault}>
      <form class="setting-form" onSubmit={invite}>
        <RoleField label={text.inviteAs} />
        <SiteField />
        <button class="button" type="submit" disabled={busy}>{text.invite}</button>
      </form>
      {link.value !== null && <Secret note={text.invited} value={link.value} />}
      {open.length > 0 && (
        <>
          <h4>{text.open}</h4>
          <ul>
            {open.map((one) => {
              const title = one.person ?? `${text.role[one.role ?? ""] ?? ""}, ${titleOf(one.site ?? "*")}`;
              return (
                <Row key={one.id} title={title} note={text.expires(dayInMonth(locale.value, one.expires_at.slice(0, 10)))}>
                  <Sure label={text.takeBack} of={title} onSure={() => void doing(() => people.revokeInvitation(one.id)).then(again)} />
                </Row>
              );
            })}
          </ul>
        </>
      )}
    </Section>
  );
}
