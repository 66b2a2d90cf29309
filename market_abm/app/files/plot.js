// Drawing with Plotly for the page's components: the library is fetched once, a figure is patched, not rebuilt.
(function () {
  "use strict";
  let library = null;
  const busy = new Set();

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

  // Traces whose sizes are in units of the canvas, and names that must fit beside their nodes.
  function sized(trace, size) {
    if (trace.meta === "scaled") {
      return { ...trace, marker: { ...trace.marker, size: trace.marker.size.map((s) => s * size.scale) } };
    }
    if (trace.meta === "names") {
      const text = trace.customdata.map(([name, badge, room, slot]) => {
        if (!badge && slot * size.scale < 0.72 * size.font) return ""; // a crowd: said when pointed at
        const cut = escaped(fitted(name, room * size.scale, size.font));
        return badge ? "<b>" + cut + "</b><br><b>" + badge + "</b>" : cut;
      });
      return { ...trace, text, textfont: { ...trace.textfont, size: size.font } };
    }
    return trace;
  }

  // Draw a figure into an element, or patch what is drawn there.
  function draw(element, figure, size, options) {
    const work = plotly().then((P) => {
      // Traces know themselves by their uid: those with nothing to draw can be left out.
      const drawn = figure.data.filter((trace) => trace.visible !== false);
      const data = size.scale ? drawn.map((trace) => sized(trace, size)) : drawn;
      const layout = { ...figure.layout, width: size.width, height: size.height };
      if (size.scale) {
        layout.annotations = layout.annotations.map((note) => ({ ...note, font: { ...note.font, size: size.font + 0.5 } }));
      }
      return P.react(element, data, layout, { displayModeBar: false, responsive: false, ...options });
    });
    busy.add(work);
    return work.finally(() => busy.delete(work));
  }

  // When everything that was asked for is on the screen.
  async function idle() {
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

  window.marketPlot = { plotly, draw, idle, save };
})();
