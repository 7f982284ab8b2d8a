/** Whether a value holds more than so many levels of objects, as one does that YAML's aliases put into itself. */
export function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}

const mostOpen = 500;

/**
 * Whether a YAML text opens so many brackets, or begins so many collections in one line, that reading it would
 * take a time that grows with their square; decided without reading it, so brackets within quotes count as well.
 */
export function opensTooMuch(text: string): boolean {
  if (/(?:[-?:] ){200}/.test(text)) return true;
  let open = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '[' || character === '{') open += 1;
    else if ((character === ']' || character === '}') && open > 0) open -= 1;
    if (open > mostOpen) return true;
  }
  return false;
}
