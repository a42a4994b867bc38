import type { ComponentChildren } from "preact";

/** The page has nothing to show, and says why. */
export function Message(props: { title: string; note: string; children?: ComponentChildren }) {
  return (
    <section class="card message">
      <h2>{props.title}</h2>
      <p>{props.note}</p>
      {props.children}
    </section>
  );
}
