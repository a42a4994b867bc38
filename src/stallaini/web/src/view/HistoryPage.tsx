import "../style/history.css";
import "../style/explore.css";

import { EnergyCard } from "./EnergyCard.tsx";
import { HistoryCard } from "./HistoryCard.tsx";

export default function HistoryPage() {
  return (
    <div class="column column-whole">
      <HistoryCard />
      <EnergyCard />
    </div>
  );
}
