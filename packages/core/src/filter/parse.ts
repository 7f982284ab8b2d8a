import { parseExpression } from './expression-parser.js';
import { isComparison, parseFact } from './fact-word.js';
import { type Filter, isPattern } from './filter.js';
import { invalid } from './invalid.js';
import { parseAgent, parseClass, parseIdentity } from './name-words.js';
import { splitWords } from './words.js';

/** The words of a command line that make up a filter, one list per option. */
export interface FilterWords {
  /** `-F` */
  readonly facts?: readonly string[];
  /** `-C` */
  readonly classes?: readonly string[];
  /** `-A` */
  readonly agents?: readonly string[];
  /** `-I` */
  readonly identities?: readonly string[];
  /** `-W`: facts and classes, separated by blanks */
  readonly with?: readonly string[];
  /** `-S`: compound filters */
  readonly select?: readonly string[];
}

/** The filter that a command line asks for. Throws FILTER_INVALID, which names the word. */
export function parseFilter(words: FilterWords): Filter {
  const mixed = (words.with ?? []).map(parseWith);
  return {
    facts: [...(words.facts ?? []).map(parseFact), ...mixed.flatMap(({ facts }) => facts)],
    classes: [...(words.classes ?? []).map(parseClass), ...mixed.flatMap(({ classes }) => classes)],
    agents: (words.agents ?? []).map(parseAgent),
    identities: (words.identities ?? []).map(parseIdentity),
    compound: (words.select ?? []).map(parseExpression),
  };
}

/** Reads a mix of facts and classes: a word that compares nothing is a class. */
export function parseWith(text: string): Pick<Filter, 'facts' | 'classes'> {
  const words = splitWords(text);
  if (words.length === 0) throw invalid('-W needs a fact or a class');
  const isFact = (word: string) => !isPattern(word) && isComparison(word);
  return {
    facts: words.filter(isFact).map(parseFact),
    classes: words.filter((word) => !isFact(word)).map(parseClass),
  };
}
