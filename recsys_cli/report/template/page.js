"use strict";
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  if (!data.titles) return;

  const unpack = (text, Kind) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Kind(bytes.buffer);
  };
  const places = data.places;
  const ratings = unpack(data.ratings, Int32Array);
  const map = unpack(data.map, Uint16Array);
  const lists = unpack(data.lists, Int32Array);
  const scores = unpack(data.scores, Int32Array);
  const stars = unpack(data.stars, Int16Array);
  const similar = unpack(data.similar, data.titles.length > 32767 ? Int32Array : Int16Array);
  const similarities = unpack(data.similarities, Int16Array);
  const NOWHERE = 65535;
  const NO_STARS = -32768;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const genresOf = (movie) => data.genres[movie].map((genre) => data.genreNames[genre]).join(", ");
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const searchable = data.titles.map(plain);

  /** Movies whose title holds every word, the most rated first; a title that begins so comes before. */
  const find = (text, most) => {
    const words = plain(text).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const rank = (movie) => (searchable[movie].startsWith(plain(text).trim()) ? 1e9 : 0) + ratings[movie];
    return searchable
      .map((title, movie) => (words.every((word) => title.includes(word)) ? movie : -1))
      .filter((movie) => movie >= 0)
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, most);
  };
  const neighbours = (movie) => {
    const found = [];
    for (let place = movie * places; place < (movie + 1) * places; place++) {
      if (place < similar.length && similar[place] >= 0) found.push({ movie: similar[place], similarity: similarities[place] / 1000 });
    }
    return found;
  };

  // The map.
  const stage = document.querySelector(".stage");
  const svg = stage.querySelector("svg");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const frame = JSON.parse(stage.dataset.frame);
  const x = (movie) => frame.left + (map[2 * movie] / 65000) * frame.width;
  const y = (movie) => frame.top + (1 - map[2 * movie + 1] / 65000) * frame.height;
  const isDrawn = (movie) => map[2 * movie] !== NOWHERE;
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  overlay.setAttribute("viewBox", svg.getAttribute("viewBox"));
  overlay.setAttribute("aria-hidden", "true");
  overlay.setAttribute("class", "overlay");
  overlay.style.cssText = "position:absolute;inset:0;pointer-events:none";
  stage.append(overlay);
  const tip = element("div", { class: "tip", hidden: "" });
  stage.append(tip);
  const status = document.getElementById("map-status");
  const near = document.getElementById("map-near");
  let chosen = -1;

  const shape = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const showTip = (movie) => {
    if (movie < 0 || !isDrawn(movie)) {
      tip.hidden = true;
      return;
    }
    tip.replaceChildren(element("b", {}, data.titles[movie]),
      `${genresOf(movie) || "no genre"}; ${ratings[movie].toLocaleString("en")} ratings`);
    tip.hidden = false;
    const left = (x(movie) / width) * stage.clientWidth;
    const top = (y(movie) / height) * stage.clientHeight;
    tip.style.left = `${Math.max(0, Math.min(left + 12, stage.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${top + 14 + tip.offsetHeight > stage.clientHeight ? top - tip.offsetHeight - 8 : top + 14}px`;
  };
  const choose = (movie) => {
    chosen = movie;
    overlay.replaceChildren();
    near.replaceChildren();
    stage.classList.toggle("dim", movie >= 0);
    showTip(movie);
    if (movie < 0) {
      status.textContent = "";
      return;
    }
    const found = neighbours(movie);
    for (const { movie: other } of found.filter(({ movie: other }) => isDrawn(other) && isDrawn(movie))) {
      overlay.append(shape("line", { x1: x(movie), y1: y(movie), x2: x(other), y2: y(other), class: "thread" }));
    }
    for (const { movie: other } of found.filter(({ movie: other }) => isDrawn(other))) {
      overlay.append(shape("circle", { cx: x(other), cy: y(other), r: 2.6, class: "spot" }));
    }
    if (isDrawn(movie)) {
      overlay.append(shape("circle", { cx: x(movie), cy: y(movie), r: 4, class: "spot chosen" }));
      overlay.append(shape("circle", { cx: x(movie), cy: y(movie), r: 7, class: "halo" }));
    }
    stage.dataset.movie = data.titles[movie];
    status.textContent = found.length ? `Most like ${data.titles[movie]}:` : `${data.titles[movie]}`;
    near.replaceChildren(...found.map(({ movie: other, similarity }) => {
      const button = element("button", { type: "button" }, data.titles[other]);
      button.addEventListener("click", () => choose(other));
      return element("li", {}, button, " ", element("small", {}, similarity.toFixed(3)));
    }));
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * width;
    const py = ((event.clientY - box.top) / box.height) * height;
    let best = -1;
    let least = (14 * width) / box.width;
    for (let movie = 0; movie < data.titles.length; movie++) {
      if (isDrawn(movie)) {
        const distance = Math.hypot(x(movie) - px, y(movie) - py);
        if (distance < least) [best, least] = [movie, distance];
      }
    }
    return best;
  };
  /** The nearest movie in the direction of an arrow key, seen from the chosen one. */
  const towards = (dx, dy) => {
    let best = -1;
    let least = Infinity;
    for (let movie = 0; movie < data.titles.length; movie++) {
      if (movie === chosen || !isDrawn(movie)) continue;
      const [ax, ay] = [x(movie) - x(chosen), y(movie) - y(chosen)];
      const along = ax * dx + ay * dy;
      const across = Math.abs(ax * dy) + Math.abs(ay * dx);
      if (along > 0.2 && along + 2 * across < least) [best, least] = [movie, along + 2 * across];
    }
    return best;
  };
  const mostRated = () => ratings.reduce((best, count, movie) =>
    (isDrawn(movie) && (best < 0 || count > ratings[best]) ? movie : best), -1);
  stage.setAttribute("tabindex", "0");
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Map of the movies: arrow keys go from movie to movie, Escape leaves it");
  stage.setAttribute("aria-describedby", "map-status");
  stage.addEventListener("mousemove", (event) => showTip(nearest(event)));
  stage.addEventListener("mouseleave", () => showTip(chosen));
  stage.addEventListener("click", (event) => choose(nearest(event)));
  stage.addEventListener("focus", () => showTip(chosen >= 0 ? chosen : mostRated()));
  stage.addEventListener("keydown", (event) => {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Escape") choose(-1);
    if (!(event.key in arrows)) return;
    event.preventDefault();
    const next = chosen < 0 ? mostRated() : towards(...arrows[event.key]);
    if (next >= 0) choose(next);
  });

  const searches = (input, list, pick) => {
    const show = () => list.replaceChildren(...find(input.value, 6).map((movie) => {
      const button = element("button", { type: "button" }, data.titles[movie]);
      button.addEventListener("click", () => pick(movie));
      return element("li", {}, button);
    }));
    input.addEventListener("input", () => {
      show();
      const found = find(input.value, 1);
      if (found.length) pick(found[0]);
    });
    input.addEventListener("keydown", (event) => {
      const found = find(input.value, 1);
      if (event.key === "Enter" && found.length) pick(found[0]);
    });
  };
  searches(document.getElementById("map-search"), document.getElementById("map-found"), choose);

  // Try it.
  const people = [...document.querySelectorAll(".person")];
  const rowOf = (person, name) => Number(person.querySelector(`select[name="${name}"]`).value);
  const listOf = (person) => {
    const profile = (rowOf(person, "gender") * (data.ages.length + 1) + rowOf(person, "age")) * (data.jobs.length + 1)
      + rowOf(person, "job");
    const found = [];
    for (let place = profile * places; place < (profile + 1) * places; place++) {
      if (lists[place] >= 0) found.push({ movie: lists[place], score: scores[place], stars: stars[place] });
    }
    return found;
  };
  const fill = () => {
    const both = people.map(listOf);
    people.forEach((person, place) => {
      const others = new Set(both[1 - place].map(({ movie }) => movie));
      const rows = both[place].map(({ movie, score, stars: star }, rank) => {
        const isOnly = !others.has(movie);
        const title = element("td", {}, data.titles[movie]);
        if (isOnly) title.append(" ", element("mark", {}, "only here"));
        return element("tr", { class: isOnly ? "only" : "", "data-id": data.ids[movie] },
          element("th", { scope: "row" }, String(rank + 1)), title,
          element("td", {}, (score / 1000).toFixed(3)),
          element("td", {}, star === NO_STARS ? "" : (star / 10).toFixed(1)));
      });
      person.querySelector("tbody").replaceChildren(...rows);
    });
    const shared = both[0].filter(({ movie }) => both[1].some((other) => other.movie === movie)).length;
    document.getElementById("differs").textContent =
      `The two lists share ${shared} of ${Math.max(both[0].length, both[1].length)} movies; the others are marked.`;
  };
  people.forEach((person) => person.addEventListener("change", fill));
  fill();

  const alike = document.getElementById("alike");
  searches(document.getElementById("alike-search"), document.getElementById("alike-found"), (movie) => {
    document.getElementById("alike-status").textContent = `Most like ${data.titles[movie]}:`;
    alike.replaceChildren(...neighbours(movie).map(({ movie: other, similarity }) => element("li",
      { "data-id": data.ids[other] }, data.titles[other], " ",
      element("small", {}, `${similarity.toFixed(3)}; ${genresOf(other)}`))));
  });
  document.documentElement.classList.add("ready");
})();
