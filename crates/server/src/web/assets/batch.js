// A batch that is being sealed: looks how far it is until it is done, and tells it in the live region.
const look = async () => {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [here, there] = [document, page].map((root) => root.querySelector("#batch"));
  if (!there || !("running" in there.dataset)) return location.reload();
  for (const part of ["dl.figures", "table"]) here.querySelector(part).replaceWith(there.querySelector(part));
  here.querySelector("progress").value = there.querySelector("progress").value;
  const [words, said] = [here, there].map((root) => root.querySelector("#batch-words"));
  if (words.textContent !== said.textContent) words.textContent = said.textContent;
  setTimeout(look, 1000);
};
setTimeout(look, 1000);
