const en = {
  none: "No loads",
  noneNote: "A site's switchable consumers are named in its site file, each with its rated power; they appear here then.",
  rated: (power: string) => `rated ${power}`,
  runs: "running",
  rests: "off",
  unmetered: "No meter: whether it runs is not known.",
  total: "Consumption of the house",
  share: (share: string) => `${share} of its rated power`,
  notSwitched: "The loads are watched, not switched from here.",
};

const it: typeof en = {
  none: "Nessun carico",
  noneNote: "I carichi comandabili si nominano nel file dell’impianto, ognuno con la sua potenza nominale; poi appaiono qui.",
  rated: (power) => `nominali ${power}`,
  runs: "in funzione",
  rests: "spento",
  unmetered: "Senza contatore: non si sa se è in funzione.",
  total: "Consumo della casa",
  share: (share) => `${share} della potenza nominale`,
  notSwitched: "I carichi si osservano, da qui non si comandano.",
};

export const loadTexts = { en, it };
