"use strict";
// One trace that can be zoomed: each row holds the lowest and the highest value of every step.
for (const box of document.querySelectorAll(".trace")) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const canvas = box.querySelector("canvas");
  const output = box.querySelector("output");
  const rows = data.rows.map((row) => ({ ...row, low: decoded(row.low), high: decoded(row.high) }));
  const end = data.start_s + data.step_s * Math.max(...rows.map((row) => row.low.length), 1);
  const view = { from: data.start_s, to: end };
  const rowHeight = 110, top = 6, left = 78, bottom = 34;

  function decoded(text) {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    return new Int16Array(bytes.buffer);
  }

  function draw() {
    const width = canvas.clientWidth || 900;
    const height = top + rowHeight * rows.length + bottom;
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    const plot = width - left - 10;
    const x = (time) => left + ((time - view.from) / (view.to - view.from)) * plot;
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, plot, height - bottom);
    pen.clip();
    for (const kind of data.episodes) shade(pen, kind, x);
    rows.forEach((row, number) => drawRow(pen, row, top + rowHeight * number, x));
    pen.restore();
    rows.forEach((row, number) => label(pen, row, top + rowHeight * number));
    axis(pen, x, width, height);
    output.textContent =
      `${view.from.toFixed(3)} s to ${view.to.toFixed(3)} s; one point is ${data.step_text}`;
  }

  function shade(pen, kind, x) {
    const tall = (rowHeight * rows.length) / data.episodes.length;
    const at = top + tall * data.episodes.indexOf(kind);
    pen.fillStyle = kind.colour;
    pen.globalAlpha = 0.35;
    for (const [from, to] of kind.spans) {
      if (to < view.from || from > view.to) continue;
      pen.fillRect(x(from), at, Math.max(1, x(to) - x(from)), tall);
    }
    pen.globalAlpha = 1;
  }

  function drawRow(pen, row, at, x) {
    const first = Math.max(0, Math.floor((view.from - data.start_s) / data.step_s) - 1);
    const last = Math.min(row.low.length, Math.ceil((view.to - data.start_s) / data.step_s) + 1);
    const y = (value) => at + rowHeight / 2 - (value / 32767) * (rowHeight / 2 - 6);
    pen.strokeStyle = row.colour;
    pen.lineWidth = 1;
    pen.beginPath();
    let joined = false;
    for (let k = first; k < last; k += 1) {
      if (row.low[k] === -32768) { joined = false; continue; }
      const here = x(data.start_s + (k + 0.5) * data.step_s);
      if (joined) pen.lineTo(here, y(row.low[k])); else pen.moveTo(here, y(row.low[k]));
      pen.lineTo(here, y(row.high[k]));
      joined = true;
    }
    pen.stroke();
  }

  function label(pen, row, at) {
    pen.fillStyle = "#111";
    pen.textAlign = "left";
    pen.fillText(row.name.slice(0, 24), left + 4, at + 13, 300);
    pen.textAlign = "right";
    pen.fillText(`+${row.scale} ${row.unit}`, left - 4, at + 12, left - 6);
    pen.fillText(`-${row.scale} ${row.unit}`, left - 4, at + rowHeight - 4, left - 6);
  }

  function axis(pen, x, width, height) {
    const wide = view.to - view.from;
    const about = wide / 7;
    const power = 10 ** Math.floor(Math.log10(about));
    const tick = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= about);
    pen.strokeStyle = "#999";
    pen.fillStyle = "#111";
    pen.textAlign = "center";
    for (let k = Math.ceil(view.from / tick); k * tick <= view.to; k += 1) {
      const here = x(k * tick);
      pen.beginPath();
      pen.moveTo(here, height - bottom);
      pen.lineTo(here, height - bottom + 5);
      pen.stroke();
      pen.fillText(String(Number((k * tick).toPrecision(8))), here, height - bottom + 18);
    }
    pen.fillText("seconds", left + (width - left) / 2, height - 3);
  }

  function show(from, to) {
    const least = 5 * data.step_s, whole = end - data.start_s;
    const wide = Math.min(Math.max(to - from, least), whole);
    const middle = (from + to) / 2;
    view.from = Math.min(Math.max(middle - wide / 2, data.start_s), end - wide);
    view.to = view.from + wide;
    draw();
  }

  function zoom(by, share = 0.5) {
    const wide = view.to - view.from, fixed = view.from + share * wide;
    show(fixed - share * wide * by, fixed + (1 - share) * wide * by);
  }

  function move(by) {
    const wide = view.to - view.from;
    show(view.from + by * wide, view.to + by * wide);
  }

  const does = {
    in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.5), right: () => move(0.5),
    all: () => show(data.start_s, end),
  };
  for (const button of box.querySelectorAll("button")) {
    button.addEventListener("click", () => does[button.dataset.do]());
  }
  const keys = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", "0": "all" };
  canvas.addEventListener("keydown", (event) => {
    if (keys[event.key]) { event.preventDefault(); does[keys[event.key]](); }
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const share = (event.offsetX - left) / (canvas.clientWidth - left - 10);
    zoom(event.deltaY > 0 ? 1.25 : 0.8, Math.min(Math.max(share, 0), 1));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    const start = event.clientX, { from, to } = view;
    canvas.setPointerCapture(event.pointerId);
    canvas.onpointermove = (moved) => {
      const by = ((start - moved.clientX) / (canvas.clientWidth - left - 10)) * (to - from);
      show(from + by, to + by);
    };
    canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
  });
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", draw);
  if (data.shown) show(...data.shown); else draw();
}
