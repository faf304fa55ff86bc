const form = document.querySelector('form'), articles = [...document.querySelectorAll('article')], shown = document.querySelector('#shown');
const apply = () => {
  const kind = form.kind.value, arm = form.arm.value, outcome = form.outcome.value, words = form.words.value.toLowerCase();
  let count = 0;
  for (const article of articles) {
    const outcomes = [...article.querySelectorAll('[data-arm]')].filter(row => !arm || row.dataset.arm === arm);
    const fits = (!kind || article.dataset.kind === kind) && (!outcome || outcomes.some(row => row.dataset.outcome === outcome))
      && (!words || article.textContent.toLowerCase().includes(words));
    article.hidden = !fits;
    for (const row of article.querySelectorAll('[data-arm]')) row.hidden = !!arm && row.dataset.arm !== arm;
    if (fits) count++;
  }
  shown.textContent = count + ' of ' + articles.length + ' questions';
};
form.hidden = false;
form.addEventListener('input', apply);
form.addEventListener('submit', event => event.preventDefault());
apply();
