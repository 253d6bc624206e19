// The visitor's own webcam: pictures go to the camera model, the next one when the last has left.
const WIDTH = 640;
const HEIGHT = 480;
const EVERY_MS = 33;
const QUALITY = 0.9;
const button = document.getElementById("share");
const refused = document.getElementById("refused");
let stream = null;

export function bindWebcam(send, isIdle) {
  button.addEventListener("click", async () => {
    if (stream) {
      stop(send);
      return;
    }
    if (!navigator.mediaDevices) { // absent where the page is neither on localhost nor https
      refused.textContent = "webcam: browsers hand it over on localhost or https only";
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: WIDTH, height: HEIGHT }, audio: false });
    } catch (error) {
      refused.textContent = `webcam: the browser does not hand it over (${error.name})`;
      return;
    }
    send({ type: "share" });
    button.setAttribute("aria-pressed", "true");
    button.textContent = "Stop my webcam";
    stream.getVideoTracks()[0].addEventListener("ended", () => stop(send));
    run(send, isIdle);
  });
}

export function showWebcam({ can_share: canShare, shared }) {
  button.disabled = !stream && (!canShare || shared);
}

async function run(send, isIdle) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  const mine = stream;
  while (stream === mine) {
    if (isIdle() && video.readyState >= 2) {
      const scale = Math.max(WIDTH / video.videoWidth, HEIGHT / video.videoHeight);
      const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
      context.drawImage(video, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height);
      const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      if (stream === mine && picture) send(picture);
    }
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

function stop(send) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  send({ type: "unshare" });
  button.setAttribute("aria-pressed", "false");
  button.textContent = "Use my webcam";
}
