/** One sample in a process of its own: `child.mjs <table> <subject> <task> <folder>` prints a number. */

const [table, subject, task, folder] = process.argv.slice(2);
const { sample } = await import(`../tables/${table}.mjs`);
// On a line of its own, and the last: peers may print too.
console.log(`\n${await sample({ subject, task, folder })}`);
