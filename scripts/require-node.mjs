// Met first by every script: the project runs on Node 24 or newer, and says so instead of crashing inside a native module.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Forkpoint runs on its own Node 24, and this is Node ${process.versions.node}: run \`npm ci\` in the project's folder, then use the npm scripts (\`npm start\`, \`npm test\`, \`npm run serve\`).`,
  );
  process.exit(1);
}
