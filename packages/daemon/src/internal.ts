// For the packages of Troupe itself: nothing here is promised to anybody else.

export { headerOf, readJournal } from './request/journal-format.js';
