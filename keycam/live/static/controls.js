// Sliders and switches: what the visitor changes is sent, what the camera has is shown.
const SEND_EVERY_MS = 100;
const SLIDERS = ["exposure_s", "analog_gain", "temperature_k", "motion_px_per_s"];
const SWITCHES = ["reveal", "compare"];
const RADIOS = ["policy", "shuffle"];
const SHOWN = {
  exposure_s: (value) => `${(1e3 * value).toFixed(value < 0.001 ? 2 : 1)} ms`,
  analog_gain: (value) => `${value.toFixed(1)} ×`,
  temperature_k: (value) => `${(value - 273.15).toFixed(0)} °C`,
  motion_px_per_s: (value) => `${value.toFixed(0)} px/s`,
};
const POLICIES = {
  secure: "a fresh order and mask for each frame",
  paper: "one fixed order, as published: breakable",
  raster: "no protection: an ordinary camera",
};
const element = (id) => document.getElementById(id);
const isLog = (slider) => slider.dataset.scale === "log";
const valueOf = (slider) => (isLog(slider) ? Math.exp(Number(slider.value)) : Number(slider.value));

const waiting = new Map(); // sliders that move are sent ten times a second, not for every pixel
const touchedAt = new Map();
const TOUCHED_MS = 1000; // a state that was on its way when the visitor chose must not undo the choice
const touch = (id) => touchedAt.set(id, performance.now());
const isTouched = (id) => performance.now() - (touchedAt.get(id) ?? -Infinity) < TOUCHED_MS;
let limits = null;

export function bindControls(send) {
  for (const id of SLIDERS) {
    const slider = element(id);
    slider.addEventListener("input", () => {
      touch(id);
      label(slider, valueOf(slider));
      const isDue = !waiting.has(id);
      waiting.set(id, within(id, valueOf(slider)));
      if (isDue) {
        setTimeout(() => {
          send({ type: "set", name: id, value: waiting.get(id) });
          waiting.delete(id);
        }, SEND_EVERY_MS);
      }
    });
  }
  for (const id of SWITCHES) {
    element(id).addEventListener("change", ({ target }) => {
      touch(id);
      send({ type: "set", name: id, value: target.checked });
    });
  }
  for (const name of RADIOS) {
    for (const radio of document.getElementsByName(name)) {
      radio.addEventListener("change", () => {
        touch(name);
        send({ type: "set", name, value: radio.value });
      });
    }
  }
  element("rotate").addEventListener("click", () => send({ type: "rotate" }));
}

export function showSettings({ settings, takes, limits: allowed }) {
  limits = allowed;
  for (const id of SLIDERS) {
    const slider = element(id);
    const [low, high] = limits[id].map((limit) => (isLog(slider) ? Math.log(limit) : limit));
    slider.min = low;
    slider.max = high;
    slider.disabled = !takes.includes(id);
    if (!waiting.has(id) && !isTouched(id)) {
      slider.value = isLog(slider) ? Math.log(settings[id]) : settings[id];
      label(slider, settings[id]);
    }
  }
  for (const id of SWITCHES) {
    if (!isTouched(id)) element(id).checked = settings[id];
  }
  for (const name of RADIOS) {
    for (const radio of document.getElementsByName(name)) {
      if (!isTouched(name)) radio.checked = radio.value === settings[name];
      radio.disabled = name === "policy" && !takes.includes("policy");
    }
  }
  element("rotate").disabled = !takes.includes("rotate");
  element("policy-says").textContent = POLICIES[settings.policy];
}

function label(slider, value) {
  const text = SHOWN[slider.id](value);
  element(`${slider.id}-value`).textContent = text;
  slider.setAttribute("aria-valuetext", text);
}

function within(id, value) {
  const [low, high] = limits?.[id] ?? [-Infinity, Infinity]; // the logarithm's rounding may leave them
  return Math.min(Math.max(value, low), high);
}
