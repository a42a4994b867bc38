import { heard, site } from "../state.ts";
import { DeviceCards } from "./DeviceCards.tsx";
import { FlowCard } from "./FlowCard.tsx";
import { NowCards, StaleNote } from "./NowCards.tsx";
import { Readings } from "./Readings.tsx";

export function NowPage() {
  const ready = site.value !== null && heard.value !== null;
  return (
    <>
      <StaleNote />
      <div class="column">
        <NowCards />
      </div>
      <div class="column">
        <FlowCard />
        {/* How many cards stand here is told with the first values: what came before them would jump. */}
        {ready && <DeviceCards />}
        {ready && <Readings />}
      </div>
    </>
  );
}
