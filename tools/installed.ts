// Does nothing itself: run through launch.mjs, it installs what is missing and says so.
process.stdout.write('Everything the lockfile names is installed\n');
