import "./style/base.css";
import "./style/page.css";
import "./style/shell.css";
import "./style/now.css";
import "./style/flow.css";
import "./style/devices.css";
import "./style/readings.css";

import { render } from "preact";

import { open } from "./state.ts";
import { App } from "./view/App.tsx";

open();
render(<App />, document.getElementById("app")!);
// The page's files are there without a network too; browsers allow that on HTTPS and on this machine.
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
