// Placing a stamp: the mark on the page follows mouse, touch and arrow keys, and the fields in mm follow the mark.
const MM = 25.4 / 96;
const field = (name) => document.querySelector(`[name=${name}]`);
const [x, y, page, place] = ["x_mm", "y_mm", "page", "place"].map(field);

function board(figure) {
  const image = figure.querySelector("img");
  const number = figure.dataset.page;
  const size = { width: Number(figure.dataset.stampWidth), height: Number(figure.dataset.stampHeight) };
  const area = figure.querySelector(".board");
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  ghost.tabIndex = 0;
  ghost.setAttribute("role", "group");
  ghost.setAttribute("aria-label", figure.dataset.label);
  ghost.textContent = figure.dataset.word;
  area.append(ghost);
  // The picture is as large as the paper, so its own size says how large the paper is.
  const scale = () => image.clientWidth / (image.naturalWidth * MM);
  const limit = (value, most) => Math.min(Math.max(value, 0), Math.max(most, 0));
  const draw = () => {
    ghost.hidden = page.value !== number || place.value !== "point";
    const factor = scale();
    ghost.style.left = `${Number(x.value) * factor}px`;
    ghost.style.top = `${Number(y.value) * factor}px`;
    ghost.style.width = `${size.width * factor}px`;
    ghost.style.height = `${size.height * factor}px`;
  };
  const move = (left, top) => {
    page.value = number;
    place.value = "point";
    // What was previewed before is no longer so.
    if (image.src.includes("?")) image.src = image.src.split("?")[0];
    x.value = limit(left, image.naturalWidth * MM - size.width).toFixed(1);
    y.value = limit(top, image.naturalHeight * MM - size.height).toFixed(1);
    placed();
  };
  const follow = (event) => {
    const box = image.getBoundingClientRect();
    const factor = scale();
    move((event.clientX - box.left) / factor - size.width / 2, (event.clientY - box.top) / factor - size.height / 2);
  };
  area.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    ghost.focus();
    area.setPointerCapture(event.pointerId);
    follow(event);
  });
  area.addEventListener("pointermove", (event) => {
    if (area.hasPointerCapture(event.pointerId)) follow(event);
  });
  ghost.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 1;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    move(Number(x.value) + way[0], Number(y.value) + way[1]);
  });
  document.addEventListener("placed", draw);
  addEventListener("resize", draw);
  image.addEventListener("load", draw);
  draw();
}

for (const figure of document.querySelectorAll("figure[data-page]")) board(figure);
const placed = () => document.dispatchEvent(new Event("placed"));
for (const input of [x, y, page]) input?.addEventListener("input", placed);
place?.addEventListener("change", placed);
