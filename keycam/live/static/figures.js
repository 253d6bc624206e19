// The run in numbers.
const list = document.getElementById("figures");

export function showFigures({ statistics, viewers, model, auditing }) {
  const rows = [
    ["network", model],
    ["frames", `${statistics.frames} at ${statistics.frames_per_second.toFixed(1)}/s`],
    ...latency(statistics.recent_latency_ms),
    ...Object.entries(statistics.stage_ms).map(([stage, ms]) => [stage.replaceAll("_", " "), `${ms.toFixed(1)} ms`]),
    ...counts("dropped", statistics.dropped),
    ...counts("refused", statistics.refused),
    ["source lost", `${statistics.source_state.losses} times`],
    ...link(statistics.source_state.link),
    ...(statistics.recorded === null ? [] : [["recorded", `${statistics.recorded} frames`]]),
    ...viewers.map(({ age_ms: age, skipped }, number) => [`page ${number + 1}`, `${age ? `${age.p95.toFixed(0)} ms old (p95)` : "no frame yet"}, ${skipped} skipped`]),
  ];
  while (list.children.length > rows.length) list.lastChild.remove();
  while (list.children.length < rows.length) list.append(row());
  rows.forEach((texts, number) => {
    texts.forEach((text, side) => {
      const cell = list.children[number].children[side];
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
  document.getElementById("audit").disabled = auditing;
}

function row() {
  const pair = document.createElement("div");
  pair.append(document.createElement("dt"), document.createElement("dd"));
  return pair;
}

const latency = (ms) => Object.entries(ms ?? {}).map(([share, value]) => [`glass to result, ${share}`, `${value.toFixed(0)} ms`]);
const counts = (kind, causes) => Object.entries(causes).map(([cause, count]) => [`${kind}: ${cause.replaceAll("_", " ")}`, `${count}`]);
const link = (state) => (state ? [["link", `${state.outcomes.bytes} bytes`], ...counts("link", state.faults)] : []);
