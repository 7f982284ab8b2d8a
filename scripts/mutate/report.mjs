/** Counts results by outcome. Equivalent mutants are left out of the score. */
export function scoreOf(results) {
  const of = (outcome) => results.filter((result) => result.outcome === outcome).length;
  const counts = {
    mutants: results.length,
    noticed: of('noticed'),
    survived: of('survived'),
    accepted: of('accepted'),
    equivalent: of('equivalent'),
  };
  const judged = counts.mutants - counts.equivalent;
  return { ...counts, score: judged === 0 ? 1 : counts.noticed / judged };
}

/** A table of areas and their total. */
export function table(areas) {
  const head = ['area', 'mutants', 'noticed', 'survived', 'accepted', 'equivalent', 'score'];
  const rows = areas.map(({ name, results }) => [name, scoreOf(results)]);
  if (areas.length > 1) rows.push(['all', scoreOf(areas.flatMap(({ results }) => results))]);
  const lines = rows.map(([name, { score, ...counts }]) =>
    [name, ...Object.values(counts), percent(score)].map(String),
  );
  const widths = head.map((word, column) =>
    Math.max(word.length, ...lines.map((line) => line[column].length)),
  );
  return [head, ...lines]
    .map((line) =>
      line
        .map((word, column) => (column ? word.padStart(widths[column]) : word.padEnd(widths[0])))
        .join('  '),
    )
    .join('\n');
}

/** Rounds down, so that 89.99 % is not shown as 90 %. */
export function percent(share) {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** Describes a mutant that no test noticed. */
export function survivor({ file, line, within, operator, change, nth, tests }) {
  const place = `${file}:${line} ${within || 'top level'} (${operator}${nth > 1 ? `, nth: ${nth}` : ''})`;
  return `${place}\n    ${change}\n    tests that run this: ${tests}`;
}
