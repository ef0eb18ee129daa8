// @ts-check

/**
 * The trial page: shows a pair, asks which picture is the fake, delivers the answer.
 *
 * The stage's `data-view` says what is seen; turing.css shows the pictures by it, and the sections
 * that name it in `data-views` lose their `hidden`.
 */

/**
 * What GET /api/trial answers while a pair is due. `images`: first and second, or left and right.
 * @typedef {object} Trial
 * @property {false} done
 * @property {number} number  counts from 1
 * @property {number} of
 * @property {"practice" | "test"} kind
 * @property {"sequence" | "side-by-side"} mode
 * @property {number} seconds  how long each picture of a sequence is shown
 * @property {number} size  pixels of a picture's side
 * @property {[string, string]} images
 */

/**
 * What POST /api/answer takes. `choice`: which of the images the rater takes for the FAKE.
 * @typedef {{number: number, choice: 0 | 1, milliseconds: number}} Answer
 */

/** @typedef {{number: number, correct: boolean | null, done: boolean}} Reply */

const FIXATION = 600; // milliseconds of the cross before a sequence
const BLANK = 250; // milliseconds of grey between the pictures, after them, and before a pair
const PATIENCE = 10_000; // milliseconds for a request, and the longest wait between two
const LONGEST = 3_600_000; // milliseconds of an answer, more is not told apart
const UNSENT = "photochrom.turing.unsent";

/** @type {Record<string, 0 | 1>} */
const KEYS = { ArrowLeft: 0, ArrowUp: 0, 1: 0, ArrowRight: 1, ArrowDown: 1, 2: 1 };

const stage = part("#stage");
const sections = /** @type {HTMLElement[]} */ ([...stage.querySelectorAll("section")]);
const figures = /** @type {HTMLElement[]} */ ([...stage.querySelectorAll("figure")]);
const choices = /** @type {HTMLButtonElement[]} */ ([...stage.querySelectorAll(".answers button")]);

let outOfSight = false; // since the pair began
let wasOffline = false; // since the pair before

/** @param {string} selector */
function part(selector) {
  return /** @type {HTMLElement} */ (document.querySelector(selector));
}

/** Every pair, from the one now due to the last. */
async function run() {
  const unsent = sessionStorage.getItem(UNSENT);
  if (unsent) await deliver(JSON.parse(unsent));
  /** @type {Trial | undefined} */
  let before;
  for (;;) {
    const trial = await due();
    const images = await decoded(trial.images);
    if (!images) {
      await offline(1000); // then ask anew: another tab may have gone on to the next pair
      continue;
    }
    place(trial, images);
    await introduce(trial, before);
    await present(trial);
    const answer = await ask(trial);
    sessionStorage.setItem(UNSENT, JSON.stringify(answer));
    const reply = await deliver(answer);
    if (reply && reply.correct !== null) await judge(reply.correct, answer.choice);
    before = trial;
  }
}

// Talking with the server

/** The pair that is due; leaves the page when none is. @returns {Promise<Trial>} */
async function due() {
  const { status, body } = await request("/api/trial");
  if (status !== 200) await refused();
  return body.done ? leave("/done") : body;
}

/**
 * Send until the server has stored it; null where the answer no longer fits what is due.
 * @param {Answer} answer
 * @returns {Promise<Reply | null>}
 */
async function deliver(answer) {
  const { status, body } = await request("/api/answer", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(answer),
  });
  sessionStorage.removeItem(UNSENT);
  if (status === 200) return body;
  if (status !== 409) await refused();
  return null;
}

/**
 * Ask until there is an answer below 500; `body` where it is a good one.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<{status: number, body: any}>}
 */
async function request(path, options) {
  for (let wait = 500; ; wait = Math.min(2 * wait, PATIENCE)) {
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(path, { ...options, signal, cache: "no-store" });
      if (response.status === 401) {
        sessionStorage.removeItem(UNSENT); // else it would count for whoever agrees next
        return leave("/");
      }
      const { ok, status } = response;
      if (status < 500) return { status, body: ok ? await response.json() : null };
    } catch {
      // No connection, no answer in time, or half of one: all of them end in asking again.
    }
    await offline(wait);
  }
}

/** @param {number} wait  milliseconds until the next attempt, unless the rater wants it sooner */
async function offline(wait) {
  const again = stage.dataset.view === "offline"; // then the button keeps its focus
  wasOffline = true;
  await Promise.race([again ? pressed("offline") : goOn("offline"), sleep(wait)]);
}

/** @returns {Promise<never>} */
async function refused() {
  await goOn("refused");
  location.reload();
  return new Promise(() => {});
}

/** @param {string} path @returns {Promise<never>} */
function leave(path) {
  location.replace(path);
  return new Promise(() => {}); // nothing more happens on this page
}

// Showing

/** @param {string} view */
function show(view) {
  stage.dataset.view = view;
  for (const section of sections) {
    section.hidden = !(section.dataset.views ?? "").split(" ").includes(view);
  }
  part("[role=status]").textContent = spoken(view);
}

/** What a screen reader says of a view. @param {string} view @returns {string} */
function spoken(view) {
  if (view === "waiting") return "";
  if (view === "fixation") return part("#progress").textContent ?? "";
  if (view === "first" || view === "second") return `The ${view} picture`;
  const section = sections.find((each) => !each.hidden);
  return section?.querySelector("h2")?.textContent ?? "";
}

/**
 * Both pictures, ready to be drawn; null where one cannot be had.
 * @param {[string, string]} paths
 */
async function decoded(paths) {
  const images = paths.map((path, index) => {
    const image = new Image();
    image.src = path;
    image.alt = `Picture ${index + 1}`;
    image.draggable = false;
    return image;
  });
  try {
    await Promise.all(images.map((image) => image.decode()));
    return images;
  } catch {
    return null;
  }
}

/** Lay the pictures onto the stage, unseen. @param {Trial} trial @param {HTMLImageElement[]} images */
function place(trial, images) {
  stage.dataset.mode = trial.mode;
  // One picture pixel to one CSS pixel; tiny pictures are enlarged until they can be judged.
  stage.style.setProperty("--size", `${Math.max(trial.size, 256)}px`);
  figures.forEach((figure, index) => {
    figure.querySelector("img")?.remove();
    figure.prepend(images[index]);
  });
  part("#practice").hidden = trial.kind !== "practice";
  part("#progress").textContent = `${trial.number} of ${trial.of}`;
  const bar = /** @type {HTMLProgressElement} */ (part("#done"));
  [bar.max, bar.value] = [trial.of, trial.number - 1];
}

/**
 * A word before the first pair, after an absence and after the practice.
 * @param {Trial} trial
 * @param {Trial | undefined} before  the pair before, where this page has shown it
 */
async function introduce(trial, before) {
  if (!before || wasOffline) await goOn(trial.number === 1 ? "start" : "again");
  else if (before.kind !== trial.kind) await goOn("earnest");
  wasOffline = false;
}

/** Show the pair, again from its beginning after it was out of sight. @param {Trial} trial */
async function present(trial) {
  const exposure = trial.seconds * 1000;
  /** @type {[string, number][]} */
  const pair = [["fixation", FIXATION], ["first", exposure], ["blank", BLANK], ["second", exposure]];
  /** @type {[string, number][]} */
  const views = trial.mode === "sequence" ? [...pair, ["blank", BLANK]] : [["blank", BLANK]];
  for (;;) {
    outOfSight = document.hidden;
    let now = await frame();
    for (const [view, duration] of outOfSight ? [] : views) {
      show(view);
      now = await frameAt(now, now + duration);
    }
    if (!outOfSight) return;
    await goOn("paused");
  }
}

/**
 * The time of the frame nearest to `due`, or of the first frame after the page was out of sight.
 * @param {number} now  the time of the present frame
 * @param {number} due
 */
async function frameAt(now, due) {
  while (!outOfSight) {
    const next = await frame();
    const period = Math.min(next - now, 17); // a stalled frame says nothing about the next
    now = next;
    if (now + period / 2 >= due) break;
  }
  return now;
}

/** The time of the next frame; what follows is drawn in it. @returns {Promise<number>} */
function frame() {
  return new Promise(requestAnimationFrame);
}

// Asking

/** @param {Trial} trial @returns {Promise<Answer>} */
function ask(trial) {
  show(trial.mode === "sequence" ? "question" : "pair");
  const asked = frame(); // when it is on the screen; an answer may come before
  return new Promise((resolve) => {
    const listening = new AbortController();
    const options = { signal: listening.signal };
    /** @param {0 | 1} choice @param {Event} event */
    const choose = async (choice, event) => {
      listening.abort();
      const taken = event.timeStamp - (await asked);
      const milliseconds = Math.round(Math.min(Math.max(taken, 0), LONGEST));
      show("waiting");
      resolve({ number: trial.number, choice, milliseconds });
    };
    const targets = trial.mode === "sequence" ? [choices] : [choices, figures];
    for (const [first, second] of targets) {
      first.addEventListener("click", (event) => choose(0, event), options);
      second.addEventListener("click", (event) => choose(1, event), options);
    }
    addEventListener("keydown", (event) => {
      if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in KEYS) choose(KEYS[event.key], event);
    }, options);
  });
}

/** After a practice pair: which was which. @param {boolean} correct @param {0 | 1} choice */
async function judge(correct, choice) {
  const fake = correct ? choice : 1 - choice;
  figures.forEach((figure, index) => {
    const caption = /** @type {HTMLElement} */ (figure.querySelector("figcaption"));
    caption.textContent = index === fake ? "Fake, recolored" : "Photograph";
  });
  await goOn(correct ? "right" : "wrong");
}

/** Show a view and wait until its button is pressed. @param {string} view */
async function goOn(view) {
  show(view);
  buttonOf(view).focus();
  await pressed(view);
}

/** @param {string} view */
function pressed(view) {
  return new Promise((resolve) => buttonOf(view).addEventListener("click", resolve, { once: true }));
}

/** The one button of a view; none where there is a choice. @param {string} view */
function buttonOf(view) {
  const section = sections.find((each) => each.dataset.views === view);
  return /** @type {HTMLButtonElement} */ (section?.querySelector("button"));
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

document.addEventListener("visibilitychange", () => {
  outOfSight ||= document.hidden;
});

addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  // A key that is held down must not rush through the next views.
  if (event.repeat) event.preventDefault();
  else if (event.target === document.body) buttonOf(stage.dataset.view ?? "")?.click();
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // come back by the browser's history: things went on
});

run().catch((fault) => {
  console.error(fault);
  return refused();
});
