import "../style/settings.css";

import { administers, hasAccount } from "../logic/roles.ts";
import { session } from "../state.ts";
import { AccountSetting, LanguageSetting, SessionSetting, TelegramSetting, TokenSetting } from "./settings/OwnAccount.tsx";
import { InvitationSetting, PeopleSetting } from "./settings/PeopleSetting.tsx";
import { ContactSetting, TellingSetting } from "./settings/TellingSetting.tsx";
import { texts } from "./settings/parts.tsx";

/** Language, account, notifications, tokens; for admins people and invitations. */
export default function SettingsPage() {
  const account = hasAccount(session.value);
  const admin = administers(session.value);
  return (
    <div class="column-whole settings">
      <div class="column">
        <LanguageSetting account={account} />
        {!account && session.value !== null && <p class="card setting soft">{texts().demo}</p>}
        {account && <AccountSetting />}
        {account && <SessionSetting />}
        {account && <TokenSetting />}
      </div>
      {account && (
        <div class="column">
          {admin && <PeopleSetting />}
          {admin && <InvitationSetting />}
          <TellingSetting />
          <ContactSetting />
          <TelegramSetting />
        </div>
      )}
    </div>
  );
}
