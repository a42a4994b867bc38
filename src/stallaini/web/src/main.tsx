import "./style/base.css";
import "./style/page.css";
import "./style/shell.css";
import "./style/now.css";
import "./style/devices.css";
import "./style/readings.css";

import { render } from "preact";

import { begin } from "./state.ts";
import { App } from "./view/App.tsx";

render(<App />, document.getElementById("app")!);
void begin();
