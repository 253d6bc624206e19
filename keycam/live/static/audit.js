// The audit button and what came of it.
import { draw } from "./panes.js";

const button = document.getElementById("audit");
const auditing = document.getElementById("auditing");
const result = document.getElementById("audit-result");
const verdict = document.getElementById("verdict");
const view = document.getElementById("audit-view");
const past = document.getElementById("audit-past");

export function bindAudit(send) {
  button.addEventListener("click", () => send({ type: "audit" }));
}

export function showAuditing({ sentence, over }) {
  button.disabled = !over;
  auditing.textContent = over ? sentence : `${sentence} …`;
}

export function showWhetherPast(policy) {
  past.hidden = verdict.dataset.policy === undefined || verdict.dataset.policy === policy;
}

export function showAudit(header, pictures) {
  button.disabled = false;
  auditing.textContent = "";
  verdict.dataset.level = header.level;
  verdict.dataset.policy = header.policy;
  const level = document.createElement("strong");
  level.textContent = header.level;
  verdict.replaceChildren(level, ` (${header.policy}, ${header.frames} frames). ${header.sentence}`);
  view.hidden = !("original" in pictures);  // it is there only where the restored picture was asked for
  for (const [name, picture] of Object.entries(pictures)) {
    draw(`audit-${name}`, picture);
    picture.close();
  }
  result.hidden = false;
}
