import "../style/budget.css";

import { BudgetCard } from "./BudgetCard.tsx";

export default function DataPage() {
  return <div class="column column-whole"><BudgetCard /></div>;
}
