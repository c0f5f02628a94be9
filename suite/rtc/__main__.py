"""`python -m suite.rtc`: the media server by itself."""

from suite.rtc.standalone.run import main

if __name__ == "__main__":
    main()
