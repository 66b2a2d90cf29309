// Drawing with Plotly for the page's components: the library is fetched once, a drawn figure is patched where it can be.
(function () {
  "use strict";
  let library = null;
  const busy = new Set();
  const stale = new WeakMap(); // patched since Plotly drew them, and how to catch up
  const turns = new Map(); // what the parts of the page show with the next frame, by part
  const rooms = new WeakMap(); // size of an element until it changes: asking the browser in between makes it lay out the page
  const resized = new ResizeObserver((changes) => changes.forEach((change) => rooms.delete(change.target)));
  const LATEST = 100; // milliseconds that a part waits for the frame's last text
  let timer = 0;

  function plotly() {
    if (!library) {
      library = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = "/vendor/plotly.js";
        script.onload = () => resolve(window.Plotly);
        script.onerror = () => reject(new Error("the drawing library could not be loaded; reload the page"));
        document.head.appendChild(script);
      });
    }
    return library;
  }
  plotly();

  // A text that fits into so many pixels.
  function fitted(text, room, font) {
    const most = Math.max(6, Math.floor(room / (0.56 * font)));
    return text.length <= most ? text : text.slice(0, most - 1).replace(/[ (,]+$/, "") + "…";
  }

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  // Traces whose lines are pieces, whose sizes are in units of the canvas, and names that must fit beside their nodes.
  // One with nothing to draw is a dot of no length: what it draws in a later frame has its place then.
  function sized(given, size) {
    const trace = window.marketShapes.drawn(given);
    if (trace.visible === false) return { ...trace, visible: true, x: [0, 0], y: [0, 0] };
    if (trace.meta === "scaled") {
      return { ...trace, marker: { ...trace.marker, size: trace.marker.size.map((s) => s * size.scale) } };
    }
    if (trace.meta === "names") {
      const text = trace.customdata.map(([name, badge, room, slot]) => {
        if (!badge && slot * size.scale < size.font) return ""; // a crowd: said when pointed at
        const cut = escaped(fitted(name, room * size.scale, size.font));
        return badge ? "<b>" + cut + "</b><br><b>" + badge + "</b>" : cut;
      });
      return { ...trace, text, textfont: { ...trace.textfont, size: size.font } };
    }
    return trace;
  }

  function room(element) {
    if (!rooms.has(element)) {
      resized.observe(element);
      rooms.set(element, { width: element.clientWidth, height: element.clientHeight });
    }
    return rooms.get(element);
  }

  // Draw a figure into an element, or patch what is drawn there.
  function draw(element, figure, size, options) {
    const work = plotly().then((P) => {
      const data = size.scale ? figure.data.map((trace) => sized(trace, size)) : figure.data;
      const layout = { ...figure.layout, width: size.width, height: size.height };
      if (size.scale) {
        layout.annotations = layout.annotations.map((note) => ({ ...note, font: { ...note.font, size: size.font + 0.5 } }));
      }
      const full = () => complete(P, element, data, layout, options);
      if (!options.staticPlot && element.matches(":hover")) return full();
      if (!patched(element, data, layout)) return full();
      stale.set(element, full);
      return element;
    });
    busy.add(work);
    return work.finally(() => busy.delete(work));
  }

  function patched(element, data, layout) {
    try {
      return window.marketPatch.patch(element, data, layout);
    } catch (error) {
      return false; // Plotly drew something in another way than known here: let it draw
    }
  }

  // Plotly's own pass: what it says under a pointer is of the frame that it drew last.
  function complete(P, element, data, layout, options) {
    stale.delete(element);
    if (!options.staticPlot && !element.classList.contains("js-plotly-plot")) {
      ["pointerover", "pointermove", "pointerdown"].forEach((name) => element.addEventListener(name, () => stale.has(element) && stale.get(element)(), true));
    }
    const asked = window.marketPatch.look(data, layout);
    return P.react(element, data, layout, { displayModeBar: false, responsive: false, ...options })
      .then(() => window.marketPatch.learn(element, data, asked));
  }

  // Parts of a frame arrive one by one and are shown at once, so that the browser paints them in one go.
  function turn(part, show) {
    if (!turns.size) timer = setTimeout(flush, LATEST);
    turns.set(part, show);
  }

  function flush() {
    clearTimeout(timer); // or it would tear the next frame apart
    const all = [...turns.values()];
    turns.clear();
    all.forEach((show) => show());
  }

  // When everything that was asked for is on the screen.
  async function idle() {
    flush();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    while (busy.size) await Promise.allSettled([...busy]);
  }

  // Save a drawn figure as PNG or SVG; a chart gets the title and the key that the page shows beside it.
  async function save(element, format, name, panel) {
    const P = await plotly();
    const box = element.getBoundingClientRect();
    let figure = { data: element.data, layout: { ...element.layout, paper_bgcolor: "#fff" } };
    let size = { width: Math.round(box.width), height: Math.round(box.height) };
    if (panel) {
      const layout = { ...panel.figure.layout, showlegend: true, title: { text: escaped(panel.title), x: 0.02, font: { size: 15 } }, margin: { l: 52, r: 16, t: 74, b: 30 } };
      figure = { data: panel.figure.data, layout };
      size = { width: 720, height: 420 };
    }
    const url = await P.toImage(figure, { format, ...size, scale: format === "png" ? 2 : 1 });
    const link = document.createElement("a");
    link.href = url;
    link.download = name + "." + format;
    link.click();
  }

  window.marketPlot = { plotly, room, draw, turn, idle, save };
})();
