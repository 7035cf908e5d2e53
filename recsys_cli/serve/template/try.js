"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const form = at("person");
  const likes = new Map();
  let token = "";
  let similar = null;
  let turn = 0;

  /** What the service answers; an error where it refuses. */
  const ask = async (path, query) => {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const reply = await fetch(`${path}?${query}`, { headers });
    const answer = await reply.json();
    if (reply.status === 401) {
      at("token-form").hidden = false;
      at("token").focus();
    }
    if (!reply.ok) throw new Error(answer.error);
    return answer;
  };

  const row = (movie) => {
    const number = movie.score ?? movie.similarity;
    const button = element("button", { type: "button", title: `Movies like ${movie.title}` }, movie.title);
    button.addEventListener("click", () => { similar = movie; show(); at("answer").focus(); });
    return element("tr", { "data-id": movie.movie_id },
      element("th", { scope: "row" }, String(movie.rank)),
      element("td", {}, button, element("small", {}, movie.genres.join(", "))),
      element("td", {}, number.toFixed(3)),
      element("td", {}, movie.stars == null ? "" : movie.stars.toFixed(1)));
  };

  const question = () => {
    const query = new URLSearchParams({ k: "10" });
    if (form.genre.value) query.append("genre", form.genre.value);
    if (similar) {
      query.append("similar", `id:${similar.movie_id}`);
      return ["similar", query];
    }
    for (const name of ["gender", "age", "job"]) if (form[name].value) query.append(name, form[name].value);
    for (const id of likes.keys()) query.append("like", `id:${id}`);
    return ["recommend", query];
  };
  const whom = (query) => {
    const known = [query.gender, query.age_group, query.job, ...Object.values(query.attributes)].filter(Boolean);
    const rated = query.rated.map(({ title }) => title);
    return [known.join(", "), rated.length ? `likes ${rated.join(", ")}` : ""].filter(Boolean).join("; ")
      || "nobody in particular";
  };

  const show = async () => {
    const mine = ++turn;
    const [path, query] = question();
    const status = at("status");
    try {
      const answer = await ask(path, query);
      if (mine !== turn) return;
      at("heading").textContent = similar ? `Like ${answer.title}` : `For ${whom(answer.query)}`;
      at("number").textContent = similar ? "Similarity" : "Score";
      at("stars").textContent = similar ? "" : "Stars";
      document.querySelector("tbody").replaceChildren(...answer.movies.map(row));
      status.textContent = (similar ? answer.notes : answer.query.notes).join("; ");
      status.classList.remove("refused");
    } catch (error) {
      if (mine !== turn) return;
      document.querySelector("tbody").replaceChildren();
      status.textContent = error.message;
      status.classList.add("refused");
    }
    at("back").hidden = !similar;
    at("asked").replaceChildren("Asked: ", element("a", { href: `${path}?${query}` }, `/${path}?${decodeURIComponent(query)}`));
    document.documentElement.classList.add("ready");
  };

  const showLikes = () => {
    at("likes").replaceChildren(...[...likes].map(([id, title]) => {
      const button = element("button", { type: "button", "aria-label": `Remove ${title}` }, title);
      button.addEventListener("click", () => { likes.delete(id); showLikes(); at("search").focus(); });
      return element("li", {}, button);
    }));
    similar = null;
    show();
  };
  let typed = 0;
  at("search").addEventListener("input", async () => {
    const mine = ++typed;
    const text = at("search").value.trim();
    const found = text ? await ask("movies", new URLSearchParams({ q: text, k: "8" })).catch(() => ({ movies: [] })) : { movies: [] };
    if (mine !== typed) return;
    at("found").replaceChildren(...found.movies.map(({ movie_id: id, title }) => {
      const button = element("button", { type: "button" }, title);
      button.addEventListener("click", () => {
        likes.set(id, title);
        at("search").value = "";
        at("found").replaceChildren();
        at("search").focus();
        showLikes();
      });
      return element("li", {}, button);
    }));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector("#found button")?.click();
  });
  form.addEventListener("change", (event) => {
    if (event.target.id === "search") return;
    if (event.target.id !== "genre") similar = null;
    show();
  });
  at("back").addEventListener("click", () => { similar = null; show(); at("answer").focus(); });
  at("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    token = at("token").value.trim();
    at("token-form").hidden = true;
    show();
  });
  show();
})();
