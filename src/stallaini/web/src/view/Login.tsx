import { useSignal } from "@preact/signals";

import { api, ApiError } from "../api/client.ts";
import { begin } from "../state.ts";
import { number } from "../words/format.ts";
import { LANGUAGES, language, locale, speak, words, wordsOf } from "../words/index.ts";
import { Mark } from "./Header.tsx";

export function Login() {
  const text = words();
  const fault = useSignal("");
  const busy = useSignal(false);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    busy.value = true;
    fault.value = "";
    try {
      await api.login(String(given.get("name")), String(given.get("password")));
      await begin();
    } catch (refusal) {
      fault.value = reason(refusal);
      form.querySelector<HTMLInputElement>("input[name=password]")?.select();
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="login">
      <form class="card login-card" onSubmit={submit} aria-labelledby="login-title">
        <Mark />
        <h1 id="login-title">Stallaini</h1>
        <p class="soft">{text.loginNote}</p>
        <label>
          <span>{text.name}</span>
          <input name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label>
          <span>{text.password}</span>
          <input name="password" type="password" autocomplete="current-password" required aria-describedby="login-fault" />
        </label>
        <p class="login-fault" id="login-fault" role="alert">{fault.value}</p>
        <button class="button" type="submit" disabled={busy.value}>{text.login}</button>
      </form>
      <p class="languages">
        {LANGUAGES.map((each) => (
          <button key={each} type="button" class="tool" lang={each} aria-pressed={each === language.value} onClick={() => speak(each)}>
            {wordsOf(each).languageName}
          </button>
        ))}
      </p>
    </main>
  );
}

function reason(refusal: unknown): string {
  const text = words();
  if (!(refusal instanceof ApiError)) return text.loginFailed;
  if (refusal.status === 429) return text.loginThrottled(number(locale.value, refusal.retryAfterS ?? 60, 0));
  return refusal.status === 401 || refusal.status === 403 || refusal.status === 422 ? text.loginWrong : text.loginFailed;
}
