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

  // Draw a figure into an element; `scale` is for traces whose sizes are in units of the canvas.
  function draw(element, figure, size, options) {
    const work = plotly().then((P) => {
      const data = figure.data.map((trace) =>
        trace.meta === "scaled" && size.scale
          ? { ...trace, marker: { ...trace.marker, size: trace.marker.size.map((s) => s * size.scale) } }
          : trace
      );
      const layout = { ...figure.layout, width: size.width, height: size.height };
      if (size.font) {
        data.forEach((trace) => {
          if (trace.textfont && trace.textfont.shadow) trace.textfont = { ...trace.textfont, size: size.font };
        });
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

  // Save a drawn figure as PNG or SVG.
  async function save(element, format, name) {
    const P = await plotly();
    const box = element.getBoundingClientRect();
    const scale = format === "png" ? 2 : 1;
    const size = { width: Math.round(box.width), height: Math.round(box.height), scale };
    await P.downloadImage(element, { format, filename: name, ...size });
  }

  window.marketPlot = { plotly, draw, idle, save };
})();
