// Jest reads testTimeout only for all projects together, not from one of them.
jest.setTimeout(10 * 60 * 1000);
