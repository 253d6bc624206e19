// Pictures on their canvases, answers as bars.
const SPOKEN_EVERY_MS = 4000;
const notRevealed = document.getElementById("not-revealed");
const maskPane = document.getElementById("mask-pane");
const plainAnswer = document.getElementById("plain-answer");
const spoken = document.getElementById("spoken");
let spokenAt = 0;

export function draw(id, picture) {
  const canvas = document.getElementById(id);
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext("2d").drawImage(picture, 0, 0);
}

export function drawPanes(pictures) {
  const revealed = "restored" in pictures;
  document.getElementById("restored").hidden = !revealed;
  notRevealed.hidden = revealed;
  maskPane.hidden = !("mask" in pictures);
  for (const [name, picture] of Object.entries(pictures)) draw(name, picture);
}

export function drawAnswers(answers) {
  fill("right", answers.right);
  fill("wrong", answers.wrong);
  plainAnswer.hidden = !answers.plain;
  if (answers.plain) fill("plain", answers.plain);
  const now = performance.now();
  if (now - spokenAt > SPOKEN_EVERY_MS) { // for screen readers: not thirty times a second
    spokenAt = now;
    const said = (who) => `${answers[who][0].class} ${percent(answers[who][0].share)}`;
    spoken.textContent = `Right key: ${said("right")}. Wrong key: ${said("wrong")}.`;
  }
}

function fill(id, answers) {
  const list = document.getElementById(id);
  while (list.children.length < answers.length) list.append(row());
  while (list.children.length > answers.length) list.lastChild.remove();
  answers.forEach(({ class: name, share }, number) => {
    const item = list.children[number];
    item.children[0].textContent = name;
    item.children[1].textContent = percent(share);
    item.querySelector("i").style.transform = `scaleX(${share})`;
  });
}

function row() {
  const item = document.createElement("li");
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.setAttribute("aria-hidden", "true");
  bar.append(document.createElement("i"));
  item.append(document.createElement("span"), document.createElement("span"), bar);
  return item;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;
