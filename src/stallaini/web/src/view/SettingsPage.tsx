import "../style/settings.css";

import { administers, hasAccount, may } from "../logic/roles.ts";
import { addressOf, chosenSite, session } from "../state.ts";
import { words } from "../words/index.ts";
import { AccountSetting, LanguageSetting, SessionSetting, TelegramSetting, TokenSetting } from "./settings/OwnAccount.tsx";
import { InvitationSetting, PeopleSetting } from "./settings/PeopleSetting.tsx";
import { ContactSetting, TellingSetting } from "./settings/TellingSetting.tsx";
import { texts } from "./settings/parts.tsx";

/** One's own things; beside them what one sets for a site, and for admins people and invitations. */
export default function SettingsPage() {
  const account = hasAccount(session.value);
  const admin = administers(session.value);
  const steers = may(session.value, "operator", chosenSite.value ?? "*");
  return (
    <div class="column-whole settings">
      <div class="column">
        <LanguageSetting account={account} />
        {!account && session.value !== null && <p class="card setting soft">{texts().demo}</p>}
        {account && (
          <>
            <AccountSetting />
            <ContactSetting />
            <TelegramSetting />
            <SessionSetting />
            <TokenSetting />
          </>
        )}
      </div>
      {account && (admin || steers) && (
        <div class="column">
          <TellingSetting />
          {admin && (
            <>
              <PeopleSetting />
              <InvitationSetting />
              <AuditLink />
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** The way to what happened with accounts; it is a page of its own, for it is long. */
function AuditLink() {
  return (
    <section class="card setting" aria-labelledby="setting-audit">
      <h3 id="setting-audit">{words().pages.audit}</h3>
      <p class="soft setting-note">{texts().auditNote}</p>
      <a class="button quiet" href={addressOf("audit")}>{texts().auditShow}</a>
    </section>
  );
}
