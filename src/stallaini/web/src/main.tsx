import "./style/base.css";
import "./style/page.css";
import "./style/now.css";
import "./style/devices.css";
import "./style/history.css";
import "./style/budget.css";

import { render } from "preact";

import { begin } from "./state.ts";
import { App } from "./view/App.tsx";

render(<App />, document.getElementById("app")!);
// The chart's code comes beside the first values, not after them.
void begin().then(() => import("./chart/chart.ts"));
