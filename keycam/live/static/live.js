// The page: one WebSocket, from which each message goes to the part that shows it.
import { unpacked } from "./wire.js";
import { drawAnswers, drawPanes } from "./panes.js";
import { bindControls, showSettings } from "./controls.js";
import { bindAudit, showAudit, showAuditing, showWhetherPast } from "./audit.js";
import { showFigures } from "./figures.js";
import { bindWebcam, showWebcam } from "./webcam.js";

const FIRST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 8000;
const status = document.getElementById("status");
const refused = document.getElementById("refused");

let socket = null;
let pauseMs = FIRST_PAUSE_MS;

const send = (message) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(message instanceof Blob ? message : JSON.stringify(message));
};
const isIdle = () => socket?.readyState === WebSocket.OPEN && socket.bufferedAmount === 0;

bindControls((message) => {
  refused.textContent = "";
  send(message);
});
bindAudit(send);
bindWebcam(send, isIdle);
connect();

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { pauseMs = FIRST_PAUSE_MS; };
  socket.onmessage = ({ data }) => (typeof data === "string" ? heard(JSON.parse(data)) : seen(data));
  socket.onclose = ({ reason }) => {
    status.dataset.stands = "connecting";
    status.textContent = `${reason || "the camera's program is away"}; trying again\u00a0…`;
    showWebcam({ shared: false, can_share: false });
    setTimeout(connect, pauseMs);
    pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS);
  };
}

function heard(message) {
  if (message.type === "state") {
    showStatus(message);
    showSettings(message);
    showFigures(message);
    showWhetherPast(message.settings.policy);
    showWebcam({ shared: message.statistics.source_state.shared, can_share: message.can_share });
  } else if (message.type === "auditing") {
    showAuditing(message);
  } else if (message.type === "refused") {
    if (message.sentence.startsWith("audit:")) showAuditing({ sentence: message.sentence, over: true });
    else refused.textContent = message.sentence;
  }
}

async function seen(data) {
  const { header, pictures } = await unpacked(data);
  if (header.type === "audit") {
    showAudit(header, pictures);
    return;
  }
  try {
    drawPanes(pictures);
    drawAnswers(header.answers);
  } finally {
    for (const picture of Object.values(pictures)) picture.close();
    send({ type: "ack", counter: header.counter });
  }
}

function showStatus({ statistics, waits_for_webcam: waits }) {
  const { stands, trouble, name, shared } = statistics.source_state;
  const isStarting = stands === "there" && statistics.frames === 0 && !shared && !waits;
  status.dataset.stands = isStarting ? "starting" : stands;
  if (isStarting) status.textContent = "starting\u00a0… the very first run compiles its kernels for about a minute";
  else if (stands === "lost") status.textContent = `${trouble}; trying again …`;
  else if (shared) status.textContent = "a visitor's webcam";
  else if (waits) status.textContent = "waiting for a webcam: press “Use my webcam”";
  else if (stands === "over") status.textContent = trouble || `${name}: over`;
  else status.textContent = `${name}, ${statistics.frames_per_second.toFixed(0)} frames/s`;
}
