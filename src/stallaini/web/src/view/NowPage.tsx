import { heard, site } from "../state.ts";
import { DeviceCards } from "./DeviceCards.tsx";
import { NowCards } from "./NowCards.tsx";
import { Readings } from "./Readings.tsx";

export function NowPage() {
  const ready = site.value !== null && heard.value !== null;
  return (
    <>
      <div class="column">
        <NowCards />
      </div>
      <div class="column">
        {ready && <DeviceCards />}
        {ready && <Readings />}
      </div>
    </>
  );
}
