const en = { heard: (age: string) => `heard ${age}`, state: { live: "Live", late: "Late", silent: "Silent", never: "Never heard" } };
const it: typeof en = {
  heard: (age) => `ricevuto ${age}`,
  state: { live: "In diretta", late: "In ritardo", silent: "Muto", never: "Mai ricevuto" },
};

export const siteTexts = { en, it };
