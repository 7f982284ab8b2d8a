// Mocha leaves a rejection that nobody handles without a word; here it fails the test during which it comes, as it would
// end a program.
process.on('unhandledRejection', (reason) => {
  throw reason;
});
