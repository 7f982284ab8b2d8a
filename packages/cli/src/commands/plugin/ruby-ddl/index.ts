export { type ImportedDdl, importRubyDdl } from './ruby-ddl.js';
