/**
 * The executed ranges of a script from V8's block coverage: `[start, end, …]`, sorted and merged. Where ranges are
 * nested, the innermost one decides.
 */
export function executed(functions) {
  const ranges = functions
    .flatMap((found) => found.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const result = [];
  const around = [];
  let at = 0;
  const runTo = (end) => {
    if (end <= at) return;
    if (around.at(-1)?.count > 0) {
      if (result.at(-1) === at) result[result.length - 1] = end;
      else result.push(at, end);
    }
    at = end;
  };
  const closeUntil = (offset) => {
    while (around.length > 0 && around.at(-1).endOffset <= offset) {
      runTo(around.at(-1).endOffset);
      around.pop();
    }
  };
  for (const range of ranges) {
    closeUntil(range.startOffset);
    runTo(range.startOffset);
    at = Math.max(at, range.startOffset);
    around.push(range);
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return result;
}

/** Whether any code between two offsets was executed. */
export function touches(ranges, start, end) {
  for (let index = 0; index < ranges.length; index += 2)
    if (ranges[index] < end && ranges[index + 1] > start) return true;
  return false;
}
