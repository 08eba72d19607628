// Boards: a card dragged into another lane asks the address of the card to move there. By keyboard, cards are opened.
import { send, toast } from "./app.js";

const count = (lane) => {
  const place = lane.closest("section").querySelector("[data-count]");
  place.textContent = lane.children.length;
};

document.querySelectorAll("[data-lane], [data-lane-source]").forEach((lane) => {
  Sortable.create(lane, {
    group: { name: "board", put: "lane" in lane.dataset },
    sort: false,
    animation: 120,
    delay: 150,
    delayOnTouchOnly: true,
    onAdd: async ({ item, from, to, oldIndex }) => {
      const answer = await send(item.dataset.move, new URLSearchParams({ lane: to.dataset.lane }));
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) {
        from.insertBefore(item, from.children[oldIndex] || null);
        toast(said.error || answer.statusText);
        return;
      }
      [from, to].forEach(count);
      toast(said.said);
    },
  });
});
