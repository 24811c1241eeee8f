/** Style sheets of a room are loaded with it. */
declare module '*.css';
