const en = {
  diagram: "Single-line diagram",
  diagramOf: (title: string) => `Single-line diagram of ${title}: the devices and loads below, and how they are joined`,
  failed: "The diagram could not be loaded.",
  download: "Save",
  devices: "Devices",
  loads: "Loads",
  readings: (n: number) => (n === 1 ? "1 reading" : `${n} readings`),
  place: "Place",
  timezone: "Time zone",
};

const it: typeof en = {
  diagram: "Schema unifilare",
  diagramOf: (title) => `Schema unifilare di ${title}: i dispositivi e i carichi elencati sotto, e come sono collegati`,
  failed: "Non è stato possibile caricare lo schema.",
  download: "Salva",
  devices: "Dispositivi",
  loads: "Carichi",
  readings: (n) => (n === 1 ? "1 lettura" : `${n} letture`),
  place: "Luogo",
  timezone: "Fuso orario",
};

export const siteTexts = { en, it };
