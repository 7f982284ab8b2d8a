export { checkFilter } from './check.js';
export { type Comparison, type FactCondition, type Operator, operators } from './condition.js';
export { describe, describeExpression } from './description.js';
export { type DataAnswer, evaluate, type FilterNode } from './evaluation.js';
export {
  type ClassOperand,
  type DataOperand,
  dataOperands,
  type Expression,
  type FactOperand,
  isDataName,
  print,
} from './expression.js';
export { parseExpression } from './expression-parser.js';
export { lookUpFact } from './fact.js';
export { parseFact } from './fact-word.js';
export { emptyFilter, type Facts, type Filter, isEmpty, isPattern, namedNodes } from './filter.js';
export { matches } from './match.js';
export { parseAgent, parseClass, parseIdentity } from './name-words.js';
export { type FilterWords, parseFilter, parseWith } from './parse.js';
export { compileRegex, type Regex } from './regex.js';
