"""Two routers on a guarded link, with what they say to each other: is any of it lost when everything is enforced?"""
