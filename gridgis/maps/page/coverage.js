// Fills the map of a coverage page from the page's own data and tables; asks nothing of any server.
// Every text from the data enters the page as text, never as HTML.
"use strict";
const coverageMap = (() => {
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const say = (key, values = {}) =>
    data.texts[key].replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
  const rowsOf = (name) => [...document.querySelectorAll(`#${name} tbody tr`)];
  const gridRows = rowsOf("grids");
  const pointRows = rowsOf("points");
  const categoryRows = rowsOf("categories");
  const status = document.getElementById("status");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (calm) {
    L.Map.mergeOptions({ zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false });
    L.MarkerClusterGroup.mergeOptions({ animate: false });
  }

  const NO_DATA = { color: "#5b6470", weight: 0.8, dashArray: "3 3", fillOpacity: 0 };
  const CHOSEN = [{ color: "#ffffff", weight: 7 }, { color: "#111418", weight: 3 }];
  const INCIDENT = { radius: 5, color: "#ffffff", weight: 1.5, fillColor: "#222831", fillOpacity: 1 };
  const POPUP = { minWidth: 210, maxWidth: 320 };
  const LABEL_LETTER_PX = 11;
  const LABEL_HEIGHT_PX = 40;
  const FAR_BELOW_ZOOM = 13;
  const CLOSE_ENOUGH = 16;
  const MOST_HITS = 8;

  function make(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text ?? "";
    return element;
  }

  // a ring is lat, lon, lat, lon, ... in millionths of a degree, each the step from the one before
  function decodeRing(steps) {
    const ring = [];
    for (let k = 0, lat = 0, lon = 0; k < steps.length; k += 2) {
      lat += steps[k];
      lon += steps[k + 1];
      ring.push([lat / 1e6, lon / 1e6]);
    }
    return ring;
  }
  const decode = (shape) => shape.map((part) => part.map(decodeRing));

  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const nameOf = (row) => row.cells[0].textContent;

  function describe(row) {
    const headings = row.closest("table").tHead.rows[0].cells;
    const card = make("div", "card");
    const facts = make("dl", "");
    card.append(make("strong", "", nameOf(row)), facts);
    for (const cell of [...row.cells].slice(1)) {
      if (!cell.textContent) continue;
      const heading = headings[cell.cellIndex].dataset.heading ?? headings[cell.cellIndex].textContent;
      facts.append(make("dt", "", heading), make("dd", "", cell.textContent));
    }
    return card;
  }

  function makeIncident(row) {
    const place = L.circleMarker([row[0], row[1]], INCIDENT);
    return place.bindPopup(() => {
      const card = make("div", "card");
      card.append(make("strong", "", nameOf(categoryRows[row[2]])));
      return card;
    });
  }

  function makeClusterIcon(cluster) {
    const count = cluster.getChildCount();
    const size = 26 + 7 * Math.floor(Math.log10(count));
    return L.divIcon({ html: make("span", "", count), className: "cluster", iconSize: [size, size] });
  }

  function drawGrids(map, layer) {
    const chosen = L.layerGroup().addTo(map);
    // first in, so that it stays above the grids when the layer goes to the back
    layer.addLayer(L.polygon(decode(data.outline), { color: "#222831", weight: 2, fill: false, interactive: false }));
    return data.grids.map((grid, number) => {
      const known = data.classes[grid.class];
      const style = known ? { color: known.line, weight: 0.8, fillColor: known.fill, fillOpacity: 1 } : NO_DATA;
      const rings = decode(grid.shape);
      const polygon = L.polygon(rings, style);
      polygon.bindPopup(() => describe(gridRows[number]), POPUP);
      // lines of their own: the grid brought to the front would hide what lies on it
      polygon.on("popupopen", () =>
        CHOSEN.forEach((line) => chosen.addLayer(L.polygon(rings, { ...line, fill: false, interactive: false }))),
      );
      polygon.on("popupclose", () => chosen.clearLayers());
      return polygon.addTo(layer);
    });
  }

  function drawPoints(layers) {
    return data.points.map(([lat, lon, kind], number) => {
      const html = document.getElementById(`symbol-${kind}`).cloneNode(true);
      html.removeAttribute("id");
      const icon = L.divIcon({ html, className: "", iconSize: [24, 24] });
      // the table is the keyboard's way to a point: a hundred stops on the way to it would bar it
      const marker = L.marker([lat, lon], { icon, keyboard: false, title: nameOf(pointRows[number]) });
      marker.bindPopup(() => describe(pointRows[number]), POPUP);
      return marker.addTo(layers[kind]);
    });
  }

  function drawAreas(layer, kinds, map) {
    const groups = kinds.map(() => L.layerGroup());
    for (const [kind, shape] of data.areas) {
      // a light line under the dashes, so that they show on dark grids too; no fill, which would
      // change the colours of the grids
      const rings = decode(shape);
      const light = { color: "#ffffff", weight: 3, opacity: 0.75 };
      const dashed = { color: data.areaColours[kind], weight: 1.6, dashArray: "6 4" };
      for (const style of [light, dashed]) {
        groups[kind].addLayer(L.polygon(rings, { ...style, fill: false, interactive: false }));
      }
    }
    const match = () =>
      groups.forEach((group, kind) => (map.hasLayer(kinds[kind]) ? layer.addLayer(group) : layer.removeLayer(group)));
    map.on("overlayadd overlayremove", match);
    match();
  }

  function drawLabels(map, layer, polygons) {
    const labels = L.layerGroup().addTo(layer);
    const pane = map.createPane("labels");
    pane.style.zIndex = 450;
    pane.style.pointerEvents = "none";
    const draw = () => {
      labels.clearLayers();
      if (!map.hasLayer(layer)) return;
      const view = map.getBounds();
      data.grids.forEach((grid, number) => {
        if (!view.contains(grid.at)) return;
        const bounds = polygons[number].getBounds();
        const size = map.latLngToLayerPoint(bounds.getSouthEast()).subtract(map.latLngToLayerPoint(bounds.getNorthWest()));
        const name = nameOf(gridRows[number]);
        if (size.x < LABEL_LETTER_PX * (name.length + 2) || size.y < LABEL_HEIGHT_PX) return;
        const icon = L.divIcon({ html: make("span", "", name), className: "grid-label", iconSize: [0, 0] });
        labels.addLayer(L.marker(grid.at, { icon, pane: "labels", interactive: false, keyboard: false }));
      });
    };
    map.on("moveend overlayadd", draw);
    draw();
  }

  // folium cannot make a layer list that is open where there is room and folded on a phone
  function keepOpen(map, layerControl) {
    const list = layerControl.expand().getContainer();
    map.off("click", layerControl.collapse, layerControl);
    L.DomEvent.off(list);
    L.DomEvent.disableClickPropagation(list);
    L.DomEvent.disableScrollPropagation(list);
  }

  function addControls(map, layerControl) {
    L.control.zoom({ zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    const frame = map.getContainer();
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", say("map"));
    frame.querySelector(".leaflet-control-layers-toggle").title = say("layers");
    if (matchMedia("(min-width: 52rem)").matches) keepOpen(map, layerControl);
    const resize = () => frame.classList.toggle("far", map.getZoom() < FAR_BELOW_ZOOM);
    map.on("zoomend", resize);
    resize();
    map.on("popupopen", ({ popup }) => {
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", say("close"));
    });
  }

  function show(map, row, place) {
    const target = place.getBounds ? place.getBounds() : L.latLngBounds([place.getLatLng()]);
    map.getContainer().scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    map.fitBounds(target, { maxZoom: CLOSE_ENOUGH, padding: [40, 40], animate: false });
    place.openPopup();
    status.textContent = say("shown", { name: nameOf(row) });
  }

  function makeButton(text, act) {
    const button = make("button", "", text);
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  }

  function linkRows(rows, act) {
    rows.forEach((row, number) => {
      const name = nameOf(row);
      row.cells[0].replaceChildren(makeButton(name, () => act(number)));
    });
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    const keyOf = (row, column) => row.cells[column].dataset.number ?? row.cells[column].textContent;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const heading = head.textContent;
      head.dataset.heading = heading;
      const button = makeButton(heading, () => {
        const numeric = body.rows[0].cells[column].dataset.number !== undefined;
        const falling = head.ariaSort ? head.ariaSort === "ascending" : numeric;
        const compare = numeric ? (a, b) => a - b : collator.compare;
        const sorted = [...body.rows].sort((a, b) => compare(keyOf(a, column), keyOf(b, column)));
        body.replaceChildren(...(falling ? sorted.reverse() : sorted));
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      });
      button.title = say("sort", { column: heading });
      head.replaceChildren(button);
    });
  }

  function makeSearch(places) {
    const form = document.getElementById("search");
    const field = document.getElementById("wanted");
    const hits = document.getElementById("hits");
    const keyed = places
      .map((place) => ({ ...place, key: `${nameOf(place.row)} ${place.row.cells[1].textContent}` }))
      .sort((a, b) => collator.compare(a.key, b.key));
    const label = ({ row, grid }) =>
      grid && nameOf(row) !== row.cells[1].textContent ? `${nameOf(row)} · ${row.cells[1].textContent}` : nameOf(row);
    const clear = () => hits.replaceChildren();
    const choose = (place) => {
      clear();
      place.act();
    };
    const find = () => {
      const wanted = field.value.trim().toLowerCase();
      clear();
      status.textContent = "";
      if (!wanted) return [];
      const starts = keyed.filter(({ key }) => key.toLowerCase().startsWith(wanted));
      const holds = keyed.filter((place) => !starts.includes(place) && place.key.toLowerCase().includes(wanted));
      const found = [...starts, ...holds];
      status.textContent = found.length ? say("hits", { count: found.length }) : say("no_hit");
      return found;
    };
    field.addEventListener("input", () => {
      for (const place of find().slice(0, MOST_HITS)) {
        const item = make("li", "");
        item.append(makeButton(label(place), () => choose(place)));
        hits.append(item);
      }
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      field.value = "";
      find();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [first] = find();
      if (first) choose(first);
    });
  }

  function start(map, layers) {
    const polygons = drawGrids(map, layers.grids);
    const markers = drawPoints(layers.kinds);
    drawAreas(layers.areas, layers.kinds, map);
    drawLabels(map, layers.grids, polygons);
    if (layers.incidents && !layers.showIncidents) map.removeLayer(layers.incidents);
    map.on("overlayadd", ({ layer }) => layer === layers.grids && layer.bringToBack());
    addControls(map, layers.control);

    const showGrid = (number) => {
      if (!map.hasLayer(layers.grids)) map.addLayer(layers.grids);
      show(map, gridRows[number], polygons[number]);
    };
    const showPoint = (number) => {
      const layer = layers.kinds[data.points[number][2]];
      if (!map.hasLayer(layer)) map.addLayer(layer);
      show(map, pointRows[number], markers[number]);
    };
    makeSearch([
      ...gridRows.map((row, number) => ({ row, grid: true, act: () => showGrid(number) })),
      ...pointRows.map((row, number) => ({ row, grid: false, act: () => showPoint(number) })),
    ]);
    linkRows(gridRows, showGrid);
    linkRows(pointRows, showPoint);
    document.querySelectorAll("#tables table").forEach(makeSortable);
  }

  return { makeClusterIcon, makeIncident, start };
})();
